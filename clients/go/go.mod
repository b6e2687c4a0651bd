module lockstep.example/lockstep

go 1.19
