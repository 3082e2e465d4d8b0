import { configurationReference } from './configuration-reference.ts'
import { flagsReference } from './flags-reference.ts'
import { metricsReference } from './metrics-reference.ts'

/** Every page that is generated: text by path from `docs/`. */
export async function generatedPages(): Promise<Readonly<Record<string, string>>> {
  return {
    'reference/configuration.md': configurationReference(),
    'reference/flags.md': flagsReference(),
    'reference/metrics.md': await metricsReference()
  }
}
