// Writes docs/interop.md from what the last runs left. Usage: node main.ts
import { writeDocument } from './document.ts'
import { renderAll } from './render.ts'

writeDocument(renderAll())
