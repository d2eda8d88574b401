// WASI preview 1 for programs that `npx isthmus compile` makes for Linux: each function of it that
// there is, and the one that the start code calls.
//
// It is compiled like the kernel, without a runtime and without static data, and linked with a
// program whose memory it only reaches through guest.ts.

export {
  fd_advise,
  fd_allocate,
  fd_close,
  fd_datasync,
  fd_fdstat_get,
  fd_fdstat_set_flags,
  fd_fdstat_set_rights,
  fd_filestat_get,
  fd_filestat_set_size,
  fd_filestat_set_times,
  fd_pread,
  fd_prestat_dir_name,
  fd_prestat_get,
  fd_pwrite,
  fd_read,
  fd_readdir,
  fd_renumber,
  fd_seek,
  fd_sync,
  fd_tell,
  fd_write,
} from "./file-calls";
export {
  path_create_directory,
  path_filestat_get,
  path_filestat_set_times,
  path_link,
  path_open,
  path_readlink,
  path_remove_directory,
  path_rename,
  path_symlink,
  path_unlink_file,
} from "./path-calls";
export { poll_oneoff } from "./poll-calls";
export {
  args_get,
  args_sizes_get,
  clock_res_get,
  clock_time_get,
  environ_get,
  environ_sizes_get,
  proc_exit,
  random_get,
  sched_yield,
  wasi_start,
} from "./process-calls";
