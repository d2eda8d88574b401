// How long tests wait for what must come.

/**
 * Only what never comes is waited for this long. It keeps a test that hangs from hanging for ever,
 * and says nothing of how long things may take: on a busy machine seconds become minutes. Limits on
 * speed are on processor time (bench/harness/cpu-time.ts).
 */
export const HANG_MS = 600_000;
