import { BFD_ROWS } from '../../bfd/rows.ts'
import { ROWS } from '../matrix.ts'
import { renderDocument } from './document.ts'
import { readColumns } from './results.ts'

/** The document, as the last runs would have it. */
export function renderAll(): string {
  return renderDocument(readColumns(), { bgp: ROWS, bfd: BFD_ROWS })
}
