/** Names longer than this get no suggestion, and only so many candidates are looked at: bad input stays cheap. */
const LONGEST = 64
const MOST_CANDIDATES = 400

/** The candidate nearest to a misspelt name, when it is near enough: at most max(2, length / 3) edits away. */
export function nearest(name: string, candidates: Iterable<string>): string | null {
  if (name.length > LONGEST) return null
  let best: string | null = null
  let bestDistance = Math.max(2, Math.floor(name.length / 3)) + 1
  let looked = 0
  for (const candidate of candidates) {
    if (++looked > MOST_CANDIDATES) break
    if (Math.abs(candidate.length - name.length) >= bestDistance) continue
    const distance = levenshtein(name.toLowerCase(), candidate.toLowerCase())
    if (distance < bestDistance && distance < Math.max(name.length, candidate.length)) {
      best = candidate
      bestDistance = distance
    }
  }
  return best
}

/** ``did you mean `x`?`` for a name near to one of the candidates; else the candidates, when they are few; else null. */
export function didYouMean(name: string, candidates: Iterable<string>): string | null {
  const all = [...candidates]
  const best = nearest(name, all)
  if (best !== null) return `did you mean \`${best}\`?`
  return all.length > 0 && all.length <= 12 ? `there is ${listOf(all)}` : null
}

/** `a`, `a or b`, `a, b or c`. */
export function listOf(words: readonly string[], last = 'and'): string {
  const quoted = words.map((word) => `\`${word}\``)
  if (quoted.length < 2) return quoted.join('')
  return `${quoted.slice(0, -1).join(', ')} ${last} ${quoted[quoted.length - 1] ?? ''}`
}

/** The number of single-character edits between two texts. */
export function levenshtein(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i++) {
    const current = [i]
    for (let j = 1; j <= b.length; j++) {
      const substituted = (previous[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)
      current.push(Math.min(substituted, (previous[j] ?? 0) + 1, (current[j - 1] ?? 0) + 1))
    }
    previous = current
  }
  return previous[b.length] ?? 0
}
