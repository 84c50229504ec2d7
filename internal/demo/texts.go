package demo

// The names and texts that the demo writes into its tables.

// customers place the orders. Each lives in a city that has a courier.
var customers = []struct{ name, city string }{
	{"Inês Carvalho", "Lisbon"},
	{"Duarte Nunes", "Lisbon"},
	{"Beatriz Lopes", "Lisbon"},
	{"Søren Kjær", "Copenhagen"},
	{"Astrid Nørgaard", "Copenhagen"},
	{"Haruto Sato", "Kyoto"},
	{"Yuki Tanaka", "Kyoto"},
	{"Aoi Nakamura", "Kyoto"},
	{"Wanjiku Kamau", "Nairobi"},
	{"Brian Mwangi", "Nairobi"},
	{"Amélie Tremblay", "Montréal"},
	{"Olivier Roy", "Montréal"},
	{"Mateo Fernández", "Valencia"},
	{"Carla Soler", "Valencia"},
	{"Priya Raman", "Chennai"},
	{"Arjun Venkat", "Chennai"},
	{"Lucía Pereyra", "Montevideo"},
	{"Bruno Silvera", "Montevideo"},
	{"Henrik Dahl", "Oslo"},
	{"Maja Lunde", "Oslo"},
	{"Kwame Boateng", "Accra"},
	{"Abena Owusu", "Accra"},
}

// notes are texts that customers add to their orders.
var notes = []string{
	"Ring twice, please",
	"Leave it with the neighbour",
	"Happy birthday, Mum!",
	"Third floor, no lift, sorry",
	"Not before nine",
	"The dog is friendly",
	"Please wrap the two cups apart",
}

// cancelReasons are the notes of cancelled orders.
var cancelReasons = []string{
	"Ordered twice by mistake",
	"Found it in a shop round the corner",
	"Will be away that week",
}

// reviews are texts of reviews, with the stars that suit them.
var reviews = []struct {
	body  string
	stars int
}{
	{"Better than what I used to buy.", 5},
	{"Arrived a day early and well packed.", 5},
	{"Lovely colour, smaller than I thought.", 4},
	{"My mornings are saved.", 5},
	{"Good, though the price went up as I looked.", 3},
	{"Friends ask where it is from.", 5},
	{"Fine for every day.", 4},
	{"The bag was torn. They sent another at once.", 4},
	{"Not for me.", 2},
}
