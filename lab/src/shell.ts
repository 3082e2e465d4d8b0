import { execFile } from 'node:child_process'

/** Thrown when a program that the lab needs fails: which, with what, and what it said. */
export class CommandError extends Error {
  override readonly name = 'CommandError'
  readonly code = 'ERR_LAB_COMMAND'
  readonly command: string
  readonly stderr: string

  constructor(command: string, stderr: string, options?: ErrorOptions) {
    super(`${command}: ${stderr.trim() || 'failed without a word'}`, options)
    this.command = command
    this.stderr = stderr
  }
}

/**
 * Runs a program to its end and returns its standard output.
 *
 * @throws {@link CommandError}
 */
export async function run(program: string, args: readonly string[], stdin?: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = execFile(
      program,
      [...args],
      { env: { ...process.env, PATH: `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin` }, maxBuffer: 1 << 26 },
      (error, stdout, stderr) => {
        if (error === null) resolve(stdout)
        else reject(new CommandError([program, ...args].join(' '), stderr || error.message, { cause: error }))
      }
    )
    // A program that ends before it has read its input says so by its status.
    child.stdin?.on('error', () => undefined)
    child.stdin?.end(stdin)
  })
}
