/** To whom a frame was addressed (`sll_pkttype`, packet(7)). */
export const PACKET_TYPE = { HOST: 0, BROADCAST: 1, MULTICAST: 2, OTHERHOST: 3, OUTGOING: 4 } as const
