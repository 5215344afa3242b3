/** Text in an XML document. What XML 1.0 cannot hold becomes U+FFFD. */
export function xmlText(text: string): string {
  return allowed(text).replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}

/** An attribute's value, with its quotes. */
export function xmlAttribute(value: string): string {
  const escaped = xmlText(value).replaceAll('"', '&quot;').replaceAll('\n', '&#10;').replaceAll('\t', '&#9;')
  return `"${escaped.replaceAll('\r', '&#13;')}"`
}

function allowed(text: string): string {
  let out = ''
  for (const character of text) out += isAllowed(character.codePointAt(0) ?? 0) ? character : '\ufffd'
  return out
}

/** `Char` of XML 1.0; halves of surrogate pairs are not in it. */
function isAllowed(code: number): boolean {
  if (code < 0x20) return code === 0x09 || code === 0x0a || code === 0x0d
  return code <= 0xd7ff || (code >= 0xe000 && code <= 0xfffd) || code >= 0x10000
}
