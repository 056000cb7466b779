/**
 * The words from which the simulator composes its catalogue, its people and its shops. All invented for this purpose;
 * whatever resembles a real title, person or shop does so by chance.
 */

export type ItemKind = 'book' | 'film' | 'album';

export interface GenreWords {
  readonly genre: string;
  readonly kinds: readonly ItemKind[];
  /** Tastes live at this level: people follow scenes, not whole genres. */
  readonly scenes: readonly string[];
  readonly adjectives: readonly string[];
  readonly nouns: readonly string[];
}

const list = (words: string): string[] => words.split(' ').map((word) => word.replace(/_/g, ' '));

const genre = (
  name: string,
  kinds: readonly ItemKind[],
  scenes: string,
  adjectives: string,
  nouns: string,
): GenreWords => ({ genre: name, kinds, scenes: list(scenes), adjectives: list(adjectives), nouns: list(nouns) });

export const GENRES: readonly GenreWords[] = [
  genre(
    'crime',
    ['book', 'film'],
    'nordic_noir police_procedural courtroom heist',
    'Cold Silent Missing Crooked Second Guilty Locked Final',
    'Witness Alibi Verdict Harbour Ledger Informant Motive Vault Inspector Sentence',
  ),
  genre(
    'science fiction',
    ['book', 'film'],
    'space_opera near_future first_contact time_travel',
    'Distant Orbital Hollow Quantum Frozen Last Synthetic Unmapped',
    'Signal Colony Horizon Engine Archive Meridian Satellite Machine Voyage Lattice',
  ),
  genre(
    'fantasy',
    ['book', 'film'],
    'epic_fantasy urban_fantasy fairy_tale sword_and_sorcery',
    'Ashen Broken Hidden Ninth Thorned Gilded Wandering Sleeping',
    'Crown Oath Dragon Lantern Wizard Forest Throne Rune Raven Tower',
  ),
  genre(
    'romance',
    ['book', 'film'],
    'small_town second_chance regency holiday_romance',
    'Unexpected Tender Borrowed Summer Stolen Secret Sweet Reluctant',
    'Promise Letter Wedding Kiss Vineyard Waltz Heart Neighbour Proposal Orchard',
  ),
  genre(
    'history',
    ['book', 'film'],
    'antiquity middle_ages age_of_sail twentieth_century',
    'Forgotten Great Imperial Besieged Royal Lost Burning Iron',
    'Empire Siege Fleet Revolt Dynasty Treaty Cathedral Frontier Senate Armada',
  ),
  genre(
    'horror',
    ['book', 'film'],
    'haunted_house folk_horror creature psychological_horror',
    'Pale Whispering Buried Crawling Blackened Hungry Faceless Restless',
    'Cellar Harvest Mirror Asylum Doll Marsh Ritual Teeth Shadow Grave',
  ),
  genre(
    'comedy',
    ['book', 'film'],
    'satire office_comedy family_comedy road_comedy',
    'Perfectly_Awful Accidental Terrible Spare Honourable Clumsy Overpaid Unlikely',
    'Landlord Cousin Meeting Caravan Butler Manager Umbrella Reunion Parrot Holiday',
  ),
  genre(
    'travel',
    ['book', 'film'],
    'mountains islands by_train city_walks',
    'Slow Northern High Endless Winding Salt Open Southern',
    'Road Ridge Island Platform Ferry Valley Crossing Lighthouse Border Map',
  ),
  genre(
    'cooking',
    ['book', 'film'],
    'baking vegetarian street_food barbecue',
    'Simple Golden Generous Sunday Rustic Seasonal Smoky Wild',
    'Table Kitchen Loaf Pantry Garden Feast Spoon Market Oven Supper',
  ),
  genre(
    'nature',
    ['book', 'film'],
    'birds oceans forests gardening',
    'Quiet Hidden Blue Ancient Migrating Living Feathered Tidal',
    'River Heron Reef Moss Migration Meadow Owl Tide Seed Canopy',
  ),
  genre(
    'children',
    ['book', 'film'],
    'picture_books talking_animals school_stories adventure_stories',
    'Little Brave Sleepy Curious Tiny Muddy Magic Grumpy',
    'Bear Rabbit Pirate Classroom Balloon Hedgehog Treehouse Moon Kitten Dinosaur',
  ),
  genre(
    'jazz',
    ['album'],
    'bebop cool_jazz big_band fusion',
    'Blue Midnight Late Velvet Smoky Uptown Easy Bent',
    'Session Quartet Corner Brass Standards Avenue Rhythm Nocturne Changes Swing',
  ),
  genre(
    'rock',
    ['album'],
    'garage indie progressive metal',
    'Electric Rusted Loud Broken Heavy Neon Savage Crooked',
    'Amplifier Highway Riot Engine Static Youth Thunder Cathedral Voltage Wolves',
  ),
  genre(
    'electronic',
    ['album'],
    'ambient techno house drum_and_bass',
    'Liquid Analog Soft Infinite Parallel Modular Warm Binary',
    'Circuit Pulse Drift Filter Sequence Bloom Warehouse Phase Current Echo',
  ),
  genre(
    'classical',
    ['album'],
    'baroque romantic_era chamber_music minimalism',
    'Complete Solemn Bright Unfinished Winter Early Sacred Slow',
    'Sonatas Preludes Quartets Variations Concertos Nocturnes Suites Partitas Serenades Etudes',
  ),
  genre(
    'folk',
    ['album'],
    'ballads bluegrass sea_shanties singer_songwriter',
    'Old Barefoot Lonesome Weathered Green Homeward Plain Long',
    'Fiddle Hollow Harvest Lullaby River Porch Sailor Lantern Hills Reel',
  ),
];

export const PLACES = list(
  'Avenmoor Brackwater Calder_Bay Dunmarrow Eastvale Fennick Grayholt Hallowick Isle_Mara Juniper_Hill Kestrel_Point ' +
    'Lowmere Marrowby Northgate Oakhollow Port_Selene Quillon Ravensford Saltmarsh Thornbury_Cross Undervale Varrow ' +
    'Westerlin Yarrowdale',
);

export const GIVEN_NAMES = list(
  'Ada Amir Anouk Bela Bruno Carla Chiara Dario Edda Elias Emil Esra Fatou Felix Fenna Gael Greta Hanna Hugo Ines Iris ' +
    'Ivo Jonas Jorge Julie Kaya Lara Leon Lina Luca Maeve Malik Marta Mateo Mila Nadia Niels Nora Olga Oscar Paula ' +
    'Pedro Rafael Rosa Sami Selma Sofia Theo Tilda Ugo Vera Viktor Wanda Xenia Yara Yusuf Zoe',
);

export const FAMILY_NAMES = list(
  'Abend Albrecht Amaral Barros Bassi Becker Bellini Bouvier Brandt Caruso Castel Conti Costa Dahl Daly Delmas Dietz ' +
    'Doyle Duarte Engel Fabre Ferrer Fontana Garrido Gerrits Haas Heller Hofer Jansen Keane Keller Kuiper Lacroix Lang ' +
    'Leclerc Lopes Maier Marchal Marino Mulder Navarro Nolan Novak Orsini Pires Prieto Quinn Ramos Ricci Rossi Roux ' +
    'Sauer Serra Silva Steiner Tavares Torres Vidal Visser Vogel Weber Winkler Wolff',
);

/** Where people live and shops stand: a name, its ISO 3166-1 country, and how many live there beside the others. */
export const CITIES: readonly { readonly city: string; readonly country: string; readonly share: number }[] = [
  { city: 'Lyon', country: 'FR', share: 14 },
  { city: 'Hamburg', country: 'DE', share: 13 },
  { city: 'Valencia', country: 'ES', share: 11 },
  { city: 'Turin', country: 'IT', share: 10 },
  { city: 'Leipzig', country: 'DE', share: 9 },
  { city: 'Nantes', country: 'FR', share: 8 },
  { city: 'Porto', country: 'PT', share: 8 },
  { city: 'Utrecht', country: 'NL', share: 7 },
  { city: 'Cork', country: 'IE', share: 6 },
  { city: 'Graz', country: 'AT', share: 5 },
  { city: 'Bilbao', country: 'ES', share: 5 },
  { city: 'Ghent', country: 'BE', share: 4 },
];
