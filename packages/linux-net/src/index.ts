/**
 * The Linux networking calls that Node lacks: packet sockets, socket filters, rtnetlink, eventfd.
 *
 * @packageDocumentation
 */
export {}
