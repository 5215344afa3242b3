/**
 * Whether what reads is simulated: consumers, processors, sinks and stores. While it is false, scenarios that have them are
 * refused as not simulated yet, and so are the guarantees that only they can break.
 */
export const READERS_SIMULATED: boolean = false
