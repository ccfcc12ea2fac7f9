/** So many requests, `count` being written for people. */
export const requests = (count: string, which = ''): string =>
  `${count} ${which}${count === '1' ? 'request' : 'requests'}`
