// The one tool that a request can offer.

export const TOOL = {
  name: 'weather',
  description: 'Tells the present weather of a city.',
  parameters: {
    type: 'object',
    properties: { city: { type: 'string', description: 'Name of the city' } },
    required: ['city'],
  },
}

/** Tokens that reasoning may take where a protocol wants a number. */
export const THINKING_TOKENS = 1024
