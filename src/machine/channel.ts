// Sockets on which QEMU calls us: for the serial line, the debug console, the monitor and GDB.
//
// We listen and QEMU connects, so nothing has to wait for a file to appear. They are Unix sockets
// in a directory that only this user can enter, or TCP on the loopback device where the system has
// none.

import { createServer, type Server, type Socket } from "node:net";
import { join } from "node:path";

export interface Channel {
  /** For QEMU's `-chardev`, without the id: `socket,path=…`. */
  readonly chardev: string;
  /** Resolves when QEMU has connected. */
  readonly socket: Promise<Socket>;
  close(): void;
}

/** @param directory where the socket's file goes */
export async function openChannel(directory: string, name: string): Promise<Channel> {
  const server = createServer();
  const socket = new Promise<Socket>((resolve) => {
    server.once("connection", (connection) => {
      connection.setNoDelay();
      connection.on("error", () => {});
      server.close();
      resolve(connection);
    });
  });
  const chardev = await listen(server, directory, name);
  return {
    chardev,
    socket,
    close: () => {
      server.close();
      void socket.then((connection) => connection.destroy());
    },
  };
}

function listen(server: Server, directory: string, name: string): Promise<string> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    if (process.platform === "win32") {
      server.listen(0, "127.0.0.1", () => {
        const address = server.address();
        const port = typeof address === "object" && address ? address.port : 0;
        resolve(`socket,host=127.0.0.1,port=${port}`);
      });
    } else {
      const path = join(directory, name);
      server.listen(path, () => resolve(`socket,path=${path}`));
    }
  });
}
