// A UDP service of a node: says its name. Usage: service.ts ADDRESS PORT NAME
import { createSocket } from 'node:dgram'

const [address = '', port = '', name = ''] = process.argv.slice(2)
const socket = createSocket('udp4')
socket.on('message', (message, { port: to, address: client }) => {
  socket.send(`${message.toString()} ${name}`, to, client)
})
socket.bind(Number(port), address, () => process.send?.({ type: 'ready' }))
process.on('disconnect', () => process.exit())
