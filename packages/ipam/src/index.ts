/**
 * An IP address allocator: pools of prefixes and ranges, dual stack, sharing, reasons for every refusal.
 *
 * @packageDocumentation
 */
export {}
