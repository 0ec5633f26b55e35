// npm's @hocuspocus/server as it comes, on the port of the environment's PORT.
import { Server } from '@hocuspocus/server'

const server = new Server({ address: '127.0.0.1', port: Number(process.env.PORT), quiet: true })
await server.listen()
