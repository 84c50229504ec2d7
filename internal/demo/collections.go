package demo

import "github.com/tablewire/tablewire/internal/demo/page"

// collections returns the tables that the page shows, in its order. Each example of a filter
// matches some rows at any time, except for "A mistake".
func collections() []page.Collection {
	all := []page.Collection{
		{
			Name: "orders",
			Badges: map[string]map[string]string{"status": {
				"placed": "amber", "paid": "blue", "packed": "violet", "shipped": "teal", "delivered": "green", "cancelled": "red",
			}},
			Filters: []page.Filter{
				{Label: "Not yet sent", Text: "status_in=placed,paid,packed"},
				{Label: "Done with", Text: "status_in=delivered,cancelled"},
				{Label: "Over 40, or a gift", Text: "[or]total_gt=40 [or]gift=true"},
				{Label: "A mistake", Text: "total_gte=lots"},
			},
		},
		{
			Name: "products",
			Key:  []string{"sku"},
			Badges: map[string]map[string]string{"category": {
				"tea": "green", "coffee": "amber", "pottery": "blue", "pantry": "red", "paper": "violet",
			}},
			Filters: []page.Filter{
				{Label: "Tea and coffee", Text: "category_in=tea,coffee"},
				{Label: "20 and more", Text: "list_price_gte=20"},
				{Label: "Teapots", Text: "name_contains=TEAPOT"},
			},
		},
		{
			Name:   "couriers",
			Badges: map[string]map[string]string{"status": {"riding": "green", "charging": "amber"}},
			Filters: []page.Filter{
				{Label: "In Lisbon or Oslo", Text: "city_in=Lisbon,Oslo"},
				{Label: "South of the equator", Text: "lat_lt=0"},
				{Label: "Names with an o", Text: "name_contains=o"},
			},
		},
		{
			Name: "reviews",
			Filters: []page.Filter{
				{Label: "Five stars", Text: "stars=5"},
				{Label: "Not five stars", Text: "stars_ne=5"},
			},
		},
	}
	for i, c := range all {
		s := buttons[c.Name]
		all[i].Inserts, all[i].Updates = s.insert != nil, s.update != nil
	}
	return all
}
