// Sockets: families, kinds, flags and structures of socket(2), unix(7) and cmsg(3) on i386.

export const AF_UNSPEC: u32 = 0;
export const AF_UNIX: u32 = 1;
export const AF_INET: u32 = 2;

export const IPPROTO_IP: u32 = 0;
export const IPPROTO_TCP: u32 = 6;
export const IPPROTO_UDP: u32 = 17;

export const SOCK_STREAM: u32 = 1;
export const SOCK_DGRAM: u32 = 2;
export const SOCK_RAW: u32 = 3;
export const SOCK_SEQPACKET: u32 = 5;
/** SOCK_NONBLOCK and SOCK_CLOEXEC are O_NONBLOCK and O_CLOEXEC; the rest is the kind. */
export const SOCK_TYPE_MASK: u32 = 0xf;
/** Kinds are below this. */
export const SOCK_MAX: u32 = 11;

export const MSG_OOB: u32 = 1;
export const MSG_PEEK: u32 = 2;
export const MSG_CTRUNC: u32 = 8;
export const MSG_TRUNC: u32 = 0x20;
export const MSG_DONTWAIT: u32 = 0x40;
export const MSG_WAITALL: u32 = 0x100;
export const MSG_ERRQUEUE: u32 = 0x2000;
export const MSG_NOSIGNAL: u32 = 0x4000;
export const MSG_CMSG_CLOEXEC: u32 = 0x40000000;

export const SHUT_RD: u32 = 0;
export const SHUT_WR: u32 = 1;
export const SHUT_RDWR: u32 = 2;

export const SOL_SOCKET: u32 = 1;
export const SO_REUSEADDR: u32 = 2;
export const SO_TYPE: u32 = 3;
export const SO_ERROR: u32 = 4;
export const SO_SNDBUF: u32 = 7;
export const SO_RCVBUF: u32 = 8;
export const SO_KEEPALIVE: u32 = 9;
export const SO_OOBINLINE: u32 = 10;
export const SO_PASSCRED: u32 = 16;
export const SO_PEERCRED: u32 = 17;
export const SO_ACCEPTCONN: u32 = 30;
export const SO_SNDBUFFORCE: u32 = 32;
export const SO_PROTOCOL: u32 = 38;
export const SO_DOMAIN: u32 = 39;
export const TCP_NODELAY: u32 = 1;

/** struct sockaddr_un: a family of 16 bits, then the path. */
export const SOCKADDR_PATH: u32 = 2;
export const SOCKADDR_UN_SIZE: u32 = 110;

/** struct sockaddr_in: a family, then port and host in the network's order of bytes, then zeros. */
export const SOCKADDR_PORT: u32 = 2;
export const SOCKADDR_HOST: u32 = 4;
export const SOCKADDR_ZEROS: u32 = 8;
export const SOCKADDR_IN_SIZE: u32 = 16;
/** struct sockaddr_storage, which any address may be given in. */
export const SOCKADDR_STORAGE_SIZE: u32 = 128;
/** 127.0.0.1, in the order of bytes of a sockaddr_in. */
export const LOOPBACK: u32 = 0x0100007f;

/** struct msghdr: offsets of its words, and its size. */
export const MSG_NAME: u32 = 0;
export const MSG_NAME_LENGTH: u32 = 4;
export const MSG_VECTORS: u32 = 8;
export const MSG_VECTOR_COUNT: u32 = 12;
export const MSG_CONTROL: u32 = 16;
export const MSG_CONTROL_LENGTH: u32 = 20;
export const MSG_FLAGS: u32 = 24;
export const MSGHDR_SIZE: u32 = 28;

/** struct cmsghdr: length with the header, level, type; the data follow. */
export const CMSG_LEVEL: u32 = 4;
export const CMSG_TYPE: u32 = 8;
export const CMSG_DATA: u32 = 12;
export const SCM_RIGHTS: u32 = 1;
export const SCM_CREDENTIALS: u32 = 2;
/** As many descriptors go in one message. */
export const SCM_MAX_FD: u32 = 253;
/** struct ucred: process, user, group. */
export const UCRED_SIZE: u32 = 12;

/** The calls that socketcall(2) stands for. */
export enum SocketCall {
  socket = 1,
  bind = 2,
  connect = 3,
  listen = 4,
  accept = 5,
  getsockname = 6,
  getpeername = 7,
  socketpair = 8,
  send = 9,
  recv = 10,
  sendto = 11,
  recvfrom = 12,
  shutdown = 13,
  setsockopt = 14,
  getsockopt = 15,
  sendmsg = 16,
  recvmsg = 17,
  accept4 = 18,
}
