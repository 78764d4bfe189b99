import koffi from 'koffi';
import { isMacOS, platform } from './platform.ts';

/**
 * The C functions that Holdfast calls, each with its C prototype. Addresses travel as numbers (`uintptr_t`), which are
 * exact below 2^53 and cost nothing to pass; `void *` takes a Buffer. A function that a platform lacks throws when it is
 * first called, not when this file is loaded.
 */
const library = loadLibrary();

function loadLibrary(): ReturnType<typeof koffi.load> {
  const failures: unknown[] = [];
  for (const name of platform.libc) {
    try {
      return koffi.load(name);
    } catch (cause) {
      failures.push(cause);
    }
  }
  throw new AggregateError(failures, `no C library could be loaded (tried ${platform.libc.join(', ')})`);
}

// biome-ignore lint/suspicious/noExplicitAny: koffi's functions are typed by their prototype string only
type Foreign = (...parameters: any[]) => number;

function declare(prototype: string): Foreign {
  let bound: Foreign | undefined;
  return (...parameters) => {
    bound ??= library.func(prototype) as Foreign;
    return bound(...parameters);
  };
}

/** Bound at once: for the data path, where one more closure call would be paid per system call. */
function bind(prototype: string): Foreign {
  return library.func(prototype) as Foreign;
}

/** One that some platforms lack. */
function optional(prototype: string): Foreign | undefined {
  try {
    return bind(prototype);
  } catch {
    return undefined;
  }
}

export const libc = {
  // data path
  read: bind('long read(int, uintptr_t, size_t)'),
  write: bind('long write(int, uintptr_t, size_t)'),
  writev: bind('long writev(int, uintptr_t, int)'),
  memcpy: bind('uintptr_t memcpy(uintptr_t, uintptr_t, size_t)'),
  poll: bind('int poll(uintptr_t, unsigned long, int)'),
  epollWait: isMacOS
    ? declare('int epoll_wait(int, uintptr_t, int, int)')
    : bind('int epoll_wait(int, uintptr_t, int, int)'),
  // descriptors
  close: declare('int close(int)'),
  dup2: declare('int dup2(int, int)'),
  openat: declare('int openat(int, const char *, int, ...)'),
  fcntl: declare('int fcntl(int, int, ...)'),
  ioctl: declare('int ioctl(int, unsigned long, ...)'),
  flock: declare('int flock(int, int)'),
  ftruncate: declare('int ftruncate(int, int64_t)'),
  fallocate: declare('int posix_fallocate(int, int64_t, int64_t)'),
  memfdCreate: declare('int memfd_create(const char *, unsigned int)'),
  pipe: declare('int pipe(void *)'),
  epollCreate: declare('int epoll_create1(int)'),
  epollCtl: declare('int epoll_ctl(int, int, int, void *)'),
  mmap: declare('intptr_t mmap(uintptr_t, size_t, int, int, int, int64_t)'),
  munmap: declare('int munmap(uintptr_t, size_t)'),
  // sockets
  socket: declare('int socket(int, int, int)'),
  socketpair: declare('int socketpair(int, int, int, void *)'),
  bind: declare('int bind(int, const void *, unsigned int)'),
  listen: declare('int listen(int, int)'),
  shutdown: declare('int shutdown(int, int)'),
  connect: declare('int connect(int, const void *, unsigned int)'),
  accept: declare('int accept(int, void *, void *)'),
  accept4: declare('int accept4(int, void *, void *, int)'),
  getsockopt: declare('int getsockopt(int, int, int, void *, void *)'),
  setsockopt: declare('int setsockopt(int, int, int, const void *, unsigned int)'),
  getpeereid: declare('int getpeereid(int, void *, void *)'),
  sendmsg: declare('long sendmsg(int, uintptr_t, int)'),
  recvmsg: declare('long recvmsg(int, uintptr_t, int)'),
  // terminals
  posixOpenpt: declare('int posix_openpt(int)'),
  grantpt: declare('int grantpt(int)'),
  unlockpt: declare('int unlockpt(int)'),
  ptsname: declare('const char *ptsname(int)'),
  isatty: declare('int isatty(int)'),
  ttynameR: declare('int ttyname_r(int, void *, size_t)'),
  tcgetattr: declare('int tcgetattr(int, void *)'),
  tcsetattr: declare('int tcsetattr(int, int, const void *)'),
  cfmakeraw: declare('void cfmakeraw(void *)'),
  tcgetpgrp: declare('int tcgetpgrp(int)'),
  // processes
  spawn: declare('int posix_spawn(void *, const char *, void *, void *, const char **, const char **)'),
  fileActionsInit: declare('int posix_spawn_file_actions_init(void *)'),
  fileActionsOpen: declare(
    'int posix_spawn_file_actions_addopen(void *, int, const char *, int, unsigned int)',
  ),
  fileActionsDup2: declare('int posix_spawn_file_actions_adddup2(void *, int, int)'),
  fileActionsChdir: declare('int posix_spawn_file_actions_addchdir_np(void *, const char *)'),
  /** glibc ≥ 2.34 only. */
  fileActionsCloseFrom: optional('int posix_spawn_file_actions_addclosefrom_np(void *, int)'),
  fileActionsDestroy: declare('int posix_spawn_file_actions_destroy(void *)'),
  spawnAttributesInit: declare('int posix_spawnattr_init(void *)'),
  spawnAttributesFlags: declare('int posix_spawnattr_setflags(void *, short)'),
  spawnAttributesSigDefault: declare('int posix_spawnattr_setsigdefault(void *, void *)'),
  spawnAttributesSigMask: declare('int posix_spawnattr_setsigmask(void *, void *)'),
  spawnAttributesDestroy: declare('int posix_spawnattr_destroy(void *)'),
  waitpid: declare('int waitpid(int, void *, int)'),
  waitid: declare('int waitid(int, unsigned int, void *, int)'),
  kill: declare('int kill(int, int)'),
  signal: declare('intptr_t signal(int, intptr_t)'),
  prctl: declare('int prctl(int, unsigned long, unsigned long, unsigned long, unsigned long)'),
  execve: declare('int execve(const char *, const char **, const char **)'),
  syscall: declare('long syscall(long, ...)'),
  prlimit: declare('int prlimit(int, int, const void *, void *)'),
  getrlimit: declare('int getrlimit(int, void *)'),
  setrlimit: declare('int setrlimit(int, const void *)'),
  umask: declare('unsigned int umask(unsigned int)'),
  exit: declare('void _exit(int)'),
} as const;

/** Symbols of the Node binary itself (libuv is part of it, or linked to it). */
export function ownSymbol(prototype: string): Foreign | undefined {
  try {
    return koffi.load(null).func(prototype) as Foreign;
  } catch {
    return undefined;
  }
}
