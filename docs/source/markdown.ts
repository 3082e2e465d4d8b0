/** The first line of every file that is made. */
export const GENERATED = '<!-- Made by `npm run generate`; what is changed here is lost. -->'

/** A table of Markdown. Cells are Markdown, too; a bar or a line break in one does not end it. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.map(cell).join(' | ')} |`
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')
}

/** A span of code; nothing for nothing. */
export function code(text: string): string {
  return text === '' ? '' : `\`${text}\``
}

/** Plain text as Markdown: what looks like HTML stays text. */
export function plain(text: string): string {
  return text.replaceAll('<', '&lt;')
}

function cell(text: string): string {
  return text.replaceAll('|', String.raw`\|`).replaceAll('\n', ' ')
}
