/** How the bundler tells of its modules, as far as it is asked. */
interface Graph {
  getModuleInfo(id: string): { importers: string[]; dynamicImporters: string[] } | null
}

const FRAME = /[\\/]shell[\\/]Shell\.svelte$/

/** Names the chunk of what all pages stand in and of what three of them share: each file costs a browser's thread time. */
export function sharedChunk(id: string, graph: Graph): string | null {
  const importers = new Set([id])
  for (const importer of importers)
    graph.getModuleInfo(importer)?.importers.forEach((above) => importers.add(above))
  const onDemand = [...importers].filter((importer) => graph.getModuleInfo(importer)?.dynamicImporters.length)
  return onDemand.length > 2 || onDemand.some((importer) => FRAME.test(importer)) ? 'shared' : null
}
