/** A batch that begins with a byte of this value ends the thread of dying-instance-thread.ts that runs it. */
export const DEADLY_PIXEL = 66
