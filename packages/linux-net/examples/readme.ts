import { INTERFACE_FLAG, NetlinkSocket } from '@clarion-lb/linux-net'

const netlink = NetlinkSocket.open('none')
for (const message of netlink.dump()) {
  if (message.type === 'link' && (message.link.flags & INTERFACE_FLAG.LOOPBACK) !== 0) {
    console.log(message.link.name, message.link.index, message.link.mac?.toString())
  }
}
netlink.close()
// prints: lo 1 00:00:00:00:00:00
