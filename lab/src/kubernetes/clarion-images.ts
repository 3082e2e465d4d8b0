import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { run } from '../shell.ts'

/**
 * Builds the images of Clarion as the repository ships them, with the names that its manifests have, and returns the
 * paths of their OCI archives.
 *
 * @param root - Directory of the repository, which has to be built.
 * @param directory - Where they are put.
 */
export async function buildClarionImages(root: string, directory: string): Promise<readonly string[]> {
  await run(process.execPath, [join(root, 'scripts', 'build-images.ts'), '--output', directory])
  const names = await readdir(directory)
  return names.filter((name) => name.endsWith('.tar')).map((name) => join(directory, name))
}
