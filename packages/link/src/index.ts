/**
 * Ethernet frames in and out of an interface, and the list of interfaces as it changes.
 *
 * @packageDocumentation
 */
export {}
