// What epoll(7) is asked and answers. Source: Linux's include/uapi/linux/eventpoll.h.
//
//   struct epoll_event   0  events   4  data (8)

export const EPOLL_CTL_ADD: u32 = 1;
export const EPOLL_CTL_DEL: u32 = 2;
export const EPOLL_CTL_MOD: u32 = 3;

export const EPOLLIN: u32 = 0x001;
export const EPOLLOUT: u32 = 0x004;
export const EPOLLERR: u32 = 0x008;
export const EPOLLHUP: u32 = 0x010;
export const EPOLLEXCLUSIVE: u32 = 0x10000000;
export const EPOLLWAKEUP: u32 = 0x20000000;
export const EPOLLONESHOT: u32 = 0x40000000;
export const EPOLLET: u32 = 0x80000000;

export const EPOLL_EVENT_SIZE: u32 = 12;
export const EPOLL_EVENT_DATA: u32 = 4;

export const EPOLL_CLOEXEC: u32 = 0o2000000;
