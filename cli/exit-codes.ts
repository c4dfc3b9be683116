/** What the command line ends with, so that scripts can tell what to do next. */
export const EXIT_CODES = {
  /** All was done that was asked for. */
  done: 0,
  /** Something was not: a job or a file that failed, a check that does not hold, a refusal that another try would not better. */
  failed: 1,
  /** Nothing was tried: flags, files or settings of the environment are wrong. */
  usage: 2,
  /** Not now: nobody answers, or who answers says to come back. The same command may do later. (EX_TEMPFAIL of sysexits.h) */
  unavailable: 75,
  /** Ctrl-C. As shells have it: 128 + SIGINT. */
  interrupted: 130,
} as const
