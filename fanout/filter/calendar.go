package filter

// The units of time that values are reckoned in.
const (
	microsPerSecond = 1_000_000
	microsPerDay    = 86400 * microsPerSecond
	daysPerMonth    = 30 // of an interval, when intervals are compared
)

// daysOf gives the days from 2000-01-01, PostgreSQL's epoch, to a day of the
// proleptic Gregorian calendar; false if there is no such day. Year 0 is 1 BC.
func daysOf(year, month, day int64) (int64, bool) {
	if month < 1 || month > 12 || day < 1 || day > monthLength(year, month) {
		return 0, false
	}
	// Years that begin in March have their leap day last, so that the months before
	// it always have the same lengths.
	if month <= 2 {
		year--
		month += 12
	}
	inYear := (153*(month-3)+2)/5 + day - 1
	days := 365*year + floorDiv(year, 4) - floorDiv(year, 100) + floorDiv(year, 400) + inYear
	const epoch = 365*1999 + 1999/4 - 1999/100 + 1999/400 + 306 // 2000-01-01, reckoned so
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
