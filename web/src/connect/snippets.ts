// How each client is pointed at a gateway.

export interface Snippet {
  /** A file to write to, or a form to fill in; the shell otherwise. */
  file?: string
  text: string
}

export interface Client {
  id: string
  name: string
  snippets: Snippet[]
}

/** Stands where a person has not given a key. */
export const PLACEHOLDER = 'YOUR_CLIENT_KEY'

/** Stands where no model is known. */
export const ANY_MODEL = 'YOUR_MODEL'

/** All clients, for the gateway at `origin` (no trailing slash), a client key and the name of some model. */
export function clients(origin: string, key: string, model = ANY_MODEL): Client[] {
  const word = shellWord(key)
  const text = JSON.stringify(key)
  return [
    {
      id: 'claude-code',
      name: 'Claude Code',
      snippets: [
        { text: `export ANTHROPIC_BASE_URL=${origin}\nexport ANTHROPIC_AUTH_TOKEN=${word}\nclaude` },
      ],
    },
    {
      id: 'codex',
      name: 'Codex',
      snippets: [
        {
          file: '~/.codex/config.toml',
          text: `model_provider = "causeway"

[model_providers.causeway]
name = "Causeway"
base_url = "${origin}/v1"
env_key = "CAUSEWAY_KEY"
wire_api = "responses"`,
        },
        { text: `export CAUSEWAY_KEY=${word}\ncodex` },
      ],
    },
    {
      id: 'gemini-cli',
      name: 'Gemini CLI',
      snippets: [{ text: `export GOOGLE_GEMINI_BASE_URL=${origin}\nexport GEMINI_API_KEY=${word}\ngemini` }],
    },
    {
      id: 'opencode',
      name: 'OpenCode',
      snippets: [
        {
          file: '~/.config/opencode/opencode.json',
          text: `{
  "$schema": "https://opencode.ai/config.json",
  "provider": {
    "causeway": {
      "npm": "@ai-sdk/openai-compatible",
      "name": "Causeway",
      "options": { "baseURL": "${origin}/v1", "apiKey": "{env:CAUSEWAY_KEY}" },
      "models": { ${JSON.stringify(model)}: {} }
    }
  }
}`,
        },
        { text: `export CAUSEWAY_KEY=${word}\nopencode` },
      ],
    },
    {
      id: 'cherry-studio',
      name: 'Cherry Studio',
      snippets: [
        {
          // Its settings take the root of an OpenAI address and add the version themselves.
          file: 'Settings → Model Provider → Add (OpenAI)',
          text: `API Key   ${key}\nAPI Host  ${origin}`,
        },
      ],
    },
    {
      id: 'open-webui',
      name: 'Open WebUI',
      snippets: [
        {
          text: `docker run -d -p 8080:8080 --name open-webui \\
  -e OPENAI_API_BASE_URL=${origin}/v1 \\
  -e OPENAI_API_KEY=${word} \\
  -v open-webui:/app/backend/data \\
  ghcr.io/open-webui/open-webui:main`,
        },
      ],
    },
    {
      id: 'openai',
      name: 'OpenAI SDK',
      snippets: [
        {
          file: 'Python',
          text: `from openai import OpenAI

client = OpenAI(base_url="${origin}/v1", api_key=${text})`,
        },
        {
          file: 'TypeScript',
          text: `import OpenAI from 'openai'

const client = new OpenAI({ baseURL: '${origin}/v1', apiKey: ${text} })`,
        },
      ],
    },
    {
      id: 'anthropic',
      name: 'Anthropic SDK',
      snippets: [
        {
          file: 'Python',
          text: `from anthropic import Anthropic

client = Anthropic(base_url="${origin}", api_key=${text})`,
        },
        {
          file: 'TypeScript',
          text: `import Anthropic from '@anthropic-ai/sdk'

const client = new Anthropic({ baseURL: '${origin}', apiKey: ${text} })`,
        },
      ],
    },
    {
      id: 'google',
      name: 'Google SDK',
      snippets: [
        {
          file: 'Python',
          text: `from google import genai

client = genai.Client(api_key=${text}, http_options={"base_url": "${origin}"})`,
        },
        {
          file: 'TypeScript',
          text: `import { GoogleGenAI } from '@google/genai'

const client = new GoogleGenAI({ apiKey: ${text}, httpOptions: { baseUrl: '${origin}' } })`,
        },
      ],
    },
    {
      id: 'curl',
      name: 'curl',
      snippets: [{ text: `curl ${origin}/v1/models -H ${shellWord(`authorization: Bearer ${key}`)}` }],
    },
  ]
}

/** Quoted where a POSIX shell would read more than letters into it. */
function shellWord(value: string): string {
  return /^[\w.:/@%+=,-]+$/.test(value) ? value : `'${value.replaceAll("'", "'\\''")}'`
}
