import { Command, Option } from 'commander'
import type { RouterKind } from '../router/router.ts'

export interface DemoOptions {
  /** Tell the story and end. */
  readonly once: boolean
  /** One JSON document on standard output, nothing else. */
  readonly json: boolean
  /** Use the in-memory link although namespaces could be had. */
  readonly inMemory: boolean
  /** The router of the second act. @defaultValue the first of BIRD, FRR and our own that is there */
  readonly router?: RouterKind
}

/** @throws CommanderError for `--help` and for what it does not know (`exitCode` says which). */
export function parseDemoOptions(args: readonly string[]): DemoOptions {
  const command = new Command('npm run demo --')
    .description(
      'A Kubernetes service of type LoadBalancer on a segment of network namespaces: real binaries, plain MetalLB YAML, ' +
        'ARP and NDP on the wire, then BGP and BFD with a router. Nothing outside the demo is touched; Ctrl-C removes all of it.'
    )
    .option('--once', 'tell the story and end, without waiting for a person', false)
    .option('--json', 'print one JSON document on standard output (with --once)', false)
    .option('--in-memory', 'use an in-memory segment instead of network namespaces', false)
    .addOption(
      new Option('--router <kind>', 'which router to have (default: the first that is there)').choices([
        'bird',
        'frr',
        'clarion'
      ])
    )
    .allowExcessArguments(false)
    .exitOverride()
  const options = command.parse([...args], { from: 'user' }).opts<DemoOptions>()
  if (options.json && !options.once) command.error('--json needs --once')
  return options
}
