import { family } from '../calls.ts'

const PALERMO = { longitude: 13.361389, latitude: 38.115556, member: 'Palermo' }
const CATANIA = { longitude: 15.087269, latitude: 37.502669, member: 'Catania' }
const BOX = { type: 'BYBOX', rect: { width: 400, height: 400 }, rectType: 'KM' } as const
const CENTRE = { type: 'FROMLONLAT', coordinate: { lon: 15, lat: 37 } } as const

export const geo = family(
  'places',
  (r) => r.geoadd('g', PALERMO, CATANIA),
  (r) => r.geoadd('g', { nx: true }, { ...PALERMO, latitude: 0 }),
  (r) => r.geodist('g', 'Palermo', 'Catania'),
  (r) => r.geodist('g', 'Palermo', 'Catania', 'KM'),
  (r) => r.geodist('g', 'Palermo', 'missing'),
  (r) => r.geohash('g', 'Palermo', 'missing'),
  (r) => r.geopos('g', 'Palermo', 'missing'),
  (r) => r.geopos('g', ['Catania', 'Palermo']),
  (r) => r.geopos('g', 'missing'),
  (r) => r.geosearch('g', CENTRE, BOX, 'ASC'),
  (r) =>
    r.geosearch('g', CENTRE, BOX, 'DESC', {
      withCoord: true,
      withDist: true,
      withHash: true,
      count: { limit: 1 },
    }),
  (r) =>
    r.geosearch(
      'g',
      { type: 'FROMMEMBER', member: 'Palermo' },
      { type: 'BYRADIUS', radius: 1, radiusType: 'M' },
      'ASC',
    ),
  (r) => r.geosearchstore('stored', 'g', CENTRE, BOX, 'ASC'),
  (r) => r.geosearchstore('far', 'g', CENTRE, BOX, 'ASC', { storeDist: true, count: { limit: 1 } }),
  (r) => r.zrange('stored', 0, -1, { withScores: true }),
  (r) => r.zrange('far', 0, -1, { withScores: true }),
)
