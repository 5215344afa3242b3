import { padded, widthOf, wrapped } from './layout.ts'
import type { Paint } from './paint.ts'
import type { Story } from './story.ts'
import { atSeconds, counted } from './words.ts'

/** A story as lines: time, sentence; `▶` marks the moment that made it a violation. */
export function storyBlock(story: Story, paint: Paint, width: number): readonly string[] {
  const times = story.lines.map(({ atUs }) => atSeconds(atUs / 1000))
  const timeWidth = Math.max(0, ...times.map(widthOf))
  const indent = 6 + timeWidth + 2
  const lines = story.lines.flatMap(({ text, isCause }, i) => {
    const time = ' '.repeat(timeWidth - widthOf(times[i] ?? '')) + (times[i] ?? '')
    const head = `    ${isCause ? paint.bad('▶') : ' '} ${paint.faint(time)}  `
    return wrapped(text, Math.max(24, width - indent)).map(
      (line, n) => (n === 0 ? head : padded('', indent)) + (isCause ? paint.strong(line) : line),
    )
  })
  const more =
    story.leftOut === 0
      ? []
      : [paint.faint(`${' '.repeat(indent)}${counted(story.leftOut, 'moment')} of less weight left out`)]
  return [`  ${paint.faint('story')}`, ...lines, ...more]
}
