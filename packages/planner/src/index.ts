/**
 * Pure decisions: which addresses a Service gets, who announces them, and why.
 *
 * @packageDocumentation
 */
export {}
