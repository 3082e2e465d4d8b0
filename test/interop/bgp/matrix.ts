import { ATTRIBUTE_ROWS } from './rows/attributes.ts'
import { FLAPPING_ROW } from './rows/flapping.ts'
import { RESTART_ROWS } from './rows/restarts.ts'
import type { Row } from './rows/row.ts'
import { SESSION_ROWS } from './rows/sessions.ts'

/** All rows of the BGP matrix, in the order in which they run. */
export const ROWS: readonly Row[] = [...SESSION_ROWS, ...ATTRIBUTE_ROWS, ...RESTART_ROWS, FLAPPING_ROW]
