// tsc emits JavaScript only; the Lua files are read at run time and must be in the same folders.
import { cpSync } from 'node:fs'

cpSync('src', 'dist', {
  recursive: true,
  filter: (path) => !path.endsWith('.ts'),
})
