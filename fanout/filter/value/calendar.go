package value

// The units that times are counted in.
const (
	microsPerSecond = 1_000_000
	microsPerDay    = 86400 * microsPerSecond
	daysPerMonth    = 30 // where intervals are compared
)

// daysOf returns the number of days from 2000-01-01, PostgreSQL's epoch, to a day of the
// proleptic Gregorian calendar, or false if there is no such day. Year 0 is 1 BC.
func daysOf(year, month, day int64) (int64, bool) {
	if month < 1 || month > 12 || day < 1 || day > monthLength(year, month) {
		return 0, false
	}
	// A year that begins in March has its leap day last, so that all months before the leap
	// day have the same lengths in every year.
	if month <= 2 {
		year--
		month += 12
	}
	inYear := (153*(month-3)+2)/5 + day - 1
	days := 365*year + floorDiv(year, 4) - floorDiv(year, 100) + floorDiv(year, 400) + inYear
	const epoch = 365*1999 + 1999/4 - 1999/100 + 1999/400 + 306 // 2000-01-01, counted in the same way
	return days - epoch, true
}

func monthLength(year, month int64) int64 {
	switch month {
	case 2:
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	case 4, 6, 9, 11:
		return 30
	}
	return 31
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}
