export const connect = {
  title: 'Connect',
  lead: 'Point any client at this address. It needs a client key of this gateway, never one of an upstream.',
  address: 'Address',
  key: 'Client key',
  keyHint:
    'Filled into the examples below; it stays on this page. The first start printed one, or it is set as PROXY_ACCESS_KEY.',
  clients: 'Client',
  file: (path: string) => `in ${path}`,
  shell: 'in the shell',
  model: 'Use any model name that one of your channels serves.',
}
