package demo

// customers are who orders, each in a city that has a courier.
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

var notes = []string{
	"Ring twice, please",
	"Leave it with the neighbour",
	"Happy birthday, Mum!",
	"Third floor, no lift, sorry",
	"Not before nine",
	"The dog is friendly",
	"Please wrap the two cups apart",
}

var demoReasons = []string{
	"Ordered twice by mistake",
	"Found it in a shop round the corner",
	"Will be away that week",
}

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
