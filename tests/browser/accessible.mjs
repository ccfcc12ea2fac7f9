// What axe has to say about a page as it stands.

import axe from 'axe-core'

const RULES = ['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa', 'best-practice']

/** Evaluated by the debugger, which the page's content security policy does not bind. */
export async function violations(page) {
  await page.evaluate(axe.source)
  const { violations: found } = await page.evaluate((runOnly) => window.axe.run({ runOnly }), RULES)
  return found.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 120)).join(' | ')}`)
}
