import type { EdgeApp, EdgeContext } from '../edge-context.ts'
import { allowOnly } from '../method-not-allowed.ts'
import { sendAsset } from '../send-asset.ts'

/** The console's pages, but for the playground, which is at `/`; and what they load. They hold no data: their scripts ask for it, with an API key. */
export function consoleRoutes(app: EdgeApp, { deps }: EdgeContext): void {
  for (const [path, asset] of Object.entries(deps.consoleAssets)) {
    if (path === '/') continue
    app.get(path, (c) => sendAsset(c, asset))
    allowOnly(app, path)
  }
}
