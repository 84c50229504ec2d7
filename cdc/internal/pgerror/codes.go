package pgerror

import (
	"errors"

	"github.com/jackc/pgx/v5/pgconn"
)

// SQLSTATE codes (manual: appendix A, PostgreSQL Error Codes).
const (
	InvalidPassword      = "28P01"
	InvalidAuthorization = "28000"
	NoDatabase           = "3D000"
	Insufficient         = "42501"
	ObjectInUse          = "55006"
	NotInState           = "55000"
	UndefinedObject      = "42704"
	TooManyConnections   = "53300"
	LimitExceeded        = "53400"
	ProtocolViolation    = "08P01"
	ReadOnly             = "25006"
	CannotConnectNow     = "57P03"
	Untranslatable       = "22P05"
	ProgramLimit         = "54000"
	Internal             = "XX000"
	InvalidParameter     = "22023"
	CantChange           = "55P02"
	Syntax               = "42601"
)

// Has reports whether an error is a server's, with a code.
func Has(err error, code string) bool {
	pg, ok := errors.AsType[*pgconn.PgError](err)
	return ok && pg.Code == code
}
