package lockstep

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

const page = "../../docs/clients.md"

// programs of the page, each with what it prints.
func programs(t *testing.T) [][]string {
	t.Helper()
	text := string(must[[]byte](t)(os.ReadFile(page)))
	found := regexp.MustCompile("(?s)```go\n(.*?)```\n\n```text\n(.*?)```").FindAllStringSubmatch(text, -1)
	check(t, len(found) == 11, "there are eleven programs", len(found))
	return found
}

func TestTheProgramsOfThePagePrintWhatItShows(t *testing.T) {
	client := connect(t)
	folder := t.TempDir()
	module := must[string](t)(filepath.Abs("."))
	write := func(name, text string) {
		path := filepath.Join(folder, name)
		ok(t, os.MkdirAll(filepath.Dir(path), 0o755))
		ok(t, os.WriteFile(path, []byte(text), 0o644))
	}
	write("go.mod", fmt.Sprintf("module page\n\ngo 1.19\n\nrequire lockstep.example/lockstep v0.0.0\n\nreplace lockstep.example/lockstep => %s\n", module))
	service := fmt.Sprintf("URLs: []string{%q}, Namespace: %q", address, client.options.Namespace)
	for i, program := range programs(t) {
		text := strings.Replace(program[1], `URLs: []string{"http://127.0.0.1:7700"}`, service, 1)
		check(t, text != program[1], "it names the service", text)
		write(fmt.Sprintf("program-%d/main.go", i), text)
	}
	build := exec.Command("go", "build", "-o", "bin/", "./...")
	build.Dir = folder
	output, err := build.CombinedOutput()
	check(t, err == nil, "they are built", string(output))
	for i, program := range programs(t) {
		output, err := exec.Command(filepath.Join(folder, "bin", fmt.Sprintf("program-%d", i))).CombinedOutput()
		check(t, err == nil && string(output) == program[2], "it prints what the page shows", string(output))
	}
}

func linesOf(text string) (count int) {
	for _, line := range strings.Split(text, "\n") {
		line = strings.TrimSpace(line)
		if line != "" && !strings.HasPrefix(line, "//") {
			count++
		}
	}
	return count
}

func TestThePageCountsTheLinesOfItsPrograms(t *testing.T) {
	text := string(must[[]byte](t)(os.ReadFile(page)))
	shown := programs(t)
	for i, use := range []struct{ name, example string }{
		{"a lock that is renewed", "migration/migrate.go"},
		{"a pool of workers under a session", "pool/pool.go"},
		{"cache-aside without a stampede", "profile/profile.go"},
		{"limits at a gateway", "gateway/gateway.go"},
		{"a board", "board/board.go"},
		{"a worker of a queue", "worker/worker.go"},
	} {
		example := string(must[[]byte](t)(os.ReadFile("../../examples/" + use.example)))
		row := fmt.Sprintf("| %s | %d (`%s`) | %d |", use.name, linesOf(example), filepath.Dir("examples/"+use.example), linesOf(shown[i][1]))
		if !strings.Contains(text, row) {
			t.Error("the page should have: ", row)
		}
	}
}
