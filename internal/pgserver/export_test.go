package pgserver

// ProcessID returns the server's process id.
func (s *Server) ProcessID() int { return s.proc.cmd.Process.Pid }
