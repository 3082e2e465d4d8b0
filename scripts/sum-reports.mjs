// Adds up the vitest JSON reports and step results of one CI run. A skipped test is a failure here: CI has all it takes.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const directory = process.argv[2] ?? '.'
let passed = 0
let failed = 0
for (const name of readdirSync(directory).toSorted()) {
  const text = readFileSync(join(directory, name), 'utf8')
  if (name.endsWith('.step')) {
    if (text.trim() === 'ok') passed += 1
    else failed += 1
    continue
  }
  const report = JSON.parse(text)
  const skipped = report.numPendingTests + report.numTodoTests
  if (skipped > 0) console.log(`${name}: ${skipped} skipped, which counts as failed`)
  passed += report.numPassedTests
  // A file that does not load has no test to count.
  failed +=
    report.numFailedTests +
    skipped +
    report.testResults.filter((file) => file.status === 'failed' && file.assertionResults.length === 0).length
}
console.log(`${passed} passed, ${failed} failed`)
process.exitCode = failed > 0 || passed === 0 ? 1 : 0
