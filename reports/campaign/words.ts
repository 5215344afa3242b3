/** Shares and speeds in words. */

/** `15.8 %`, `0.32 %`: two significant digits or one decimal; a share that is not nothing never becomes 0. */
export function shareInWords(part: number, of: number): string {
  if (of === 0 || part === 0) return '0 %'
  const percent = (100 * part) / of
  if (percent >= 1) return `${percent.toFixed(1)} %`
  const decimals = Math.min(6, 1 - Math.floor(Math.log10(percent)))
  return `${percent.toFixed(decimals)} %`
}

/** A length of real time: `4.2 s`, `7.6 min`, `3.1 h`. */
export function wallInWords(ms: number): string {
  if (ms < 120_000) return `${(ms / 1000).toFixed(1)} s`
  return ms < 7_200_000 ? `${(ms / 60_000).toFixed(1)} min` : `${(ms / 3_600_000).toFixed(1)} h`
}

/** Runs per second. */
export function rateInWords(perSecond: number): string {
  return perSecond >= 10 ? String(Math.round(perSecond)) : perSecond.toFixed(1)
}
