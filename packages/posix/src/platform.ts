/**
 * Every number and layout that libc does not carry in its names, side by side. Linux: the same on x64 and arm64, glibc
 * and musl, except where a row says so. macOS values come from the SDK headers of macOS 14; nothing here has been run
 * on macOS.
 */
interface Platform {
  readonly libc: readonly string[];
  readonly open: { readonly cloexec: number };
  readonly fcntl: { dupCloexec: number; getFd: number; setFd: number; getFl: number; setFl: number };
  readonly nonBlock: number;
  readonly socket: {
    solSocket: number;
    /** SO_ACCEPTCONN */
    acceptsConnections: number;
    scmRights: number;
    msgCmsgCloexec: number;
    msgNoSignal: number;
    msgDontWait: number;
    msgCut: number;
    msgControlCut: number;
  };
  readonly ioctl: { setWindowSize: number; getWindowSize: number; getForeground: number };
  readonly termios: {
    size: number;
    flagBytes: 4 | 8;
    controlCharsAt: number;
    canonical: number;
    utf8Input: number;
    endOfFile: number;
  };
  readonly spawn: { setSid: number; setSigDefault: number; setSigMask: number };
  readonly mmap: { anonymous: number; fixed: number };
  /** `waitid`: its flags, and where `siginfo_t` has the status. */
  readonly wait: { exited: number; noWait: number; statusAt: number };
  readonly limits: { openFiles: number };
  readonly sockaddr: { pathAt: number; pathBytes: number; hasLengthByte: boolean };
  readonly message: {
    size: number;
    iovCountAt: number;
    controlAt: number;
    controlLengthAt: number;
    controlLengthBytes: 4 | 8;
    flagsAt: number;
  };
  readonly controlHeader: {
    size: number;
    lengthBytes: 4 | 8;
    levelAt: number;
    typeAt: number;
    align: number;
  };
}

const linux: Platform = {
  libc: ['libc.so.6', `libc.musl-${process.arch === 'arm64' ? 'aarch64' : 'x86_64'}.so.1`],
  open: { cloexec: 0o2000000 },
  fcntl: { dupCloexec: 1030, getFd: 1, setFd: 2, getFl: 3, setFl: 4 },
  nonBlock: 0o4000,
  socket: {
    solSocket: 1,
    acceptsConnections: 30,
    scmRights: 1,
    msgCmsgCloexec: 0x40000000,
    msgNoSignal: 0x4000,
    msgDontWait: 0x40,
    msgCut: 0x20,
    msgControlCut: 0x8,
  },
  ioctl: { setWindowSize: 0x5414, getWindowSize: 0x5413, getForeground: 0x540f },
  termios: { size: 60, flagBytes: 4, controlCharsAt: 17, canonical: 0o2, utf8Input: 0o40000, endOfFile: 4 },
  spawn: { setSid: 0x80, setSigDefault: 0x04, setSigMask: 0x08 },
  mmap: { anonymous: 0x20, fixed: 0x10 },
  wait: { exited: 4, noWait: 0x1000000, statusAt: 24 },
  limits: { openFiles: 7 },
  sockaddr: { pathAt: 2, pathBytes: 108, hasLengthByte: false },
  message: {
    size: 56,
    iovCountAt: 24,
    controlAt: 32,
    controlLengthAt: 40,
    controlLengthBytes: 8,
    flagsAt: 48,
  },
  controlHeader: { size: 16, lengthBytes: 8, levelAt: 8, typeAt: 12, align: 8 },
};

const darwin: Platform = {
  libc: ['libSystem.B.dylib'],
  open: { cloexec: 0x1000000 },
  fcntl: { dupCloexec: 67, getFd: 1, setFd: 2, getFl: 3, setFl: 4 },
  nonBlock: 0x4,
  socket: {
    solSocket: 0xffff,
    acceptsConnections: 0x2,
    scmRights: 1,
    msgCmsgCloexec: 0,
    msgNoSignal: 0x80000,
    msgDontWait: 0x80,
    msgCut: 0x10,
    msgControlCut: 0x20,
  },
  ioctl: { setWindowSize: 0x80087467, getWindowSize: 0x40087468, getForeground: 0x40047477 },
  termios: { size: 72, flagBytes: 8, controlCharsAt: 32, canonical: 0x100, utf8Input: 0x4000, endOfFile: 0 },
  spawn: { setSid: 0x400, setSigDefault: 0x04, setSigMask: 0x08 },
  mmap: { anonymous: 0x1000, fixed: 0x10 },
  wait: { exited: 4, noWait: 0x20, statusAt: 20 },
  limits: { openFiles: 8 },
  sockaddr: { pathAt: 2, pathBytes: 104, hasLengthByte: true },
  message: {
    size: 48,
    iovCountAt: 24,
    controlAt: 32,
    controlLengthAt: 40,
    controlLengthBytes: 4,
    flagsAt: 44,
  },
  controlHeader: { size: 12, lengthBytes: 4, levelAt: 4, typeAt: 8, align: 4 },
};

/** True on macOS, where some calls have to be replaced by several. */
export const isMacOS: boolean = process.platform === 'darwin';

export const platform: Platform = isMacOS ? darwin : linux;

/** Granularity of mappings and file allocation, in bytes; 16 KiB on Apple silicon, and a safe multiple elsewhere on arm64. */
export const PAGE_BYTES: number = process.arch === 'arm64' ? 65_536 : 4_096;
