// Log in where pam_nitro asks for attestation, with golang.org/x/crypto/ssh.
//
// usage: login USER HOST PORT KEY-FILE COMMAND
//
// nitro-ssh must be in PATH; it makes the answer (NITRO_SSH_SOURCE says where
// documents come from). The server's key is looked up in ~/.ssh/known_hosts.
package main

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/knownhosts"
)

// answer gives one answer for each prompt; a message without a prompt wants none.
func answer(keyFile string) ssh.KeyboardInteractiveChallenge {
	return func(_, _ string, prompts []string, _ []bool) ([]string, error) {
		answers := []string{}
		for _, prompt := range prompts {
			command := exec.Command("nitro-ssh", "answer", "--key", keyFile, prompt)
			command.Stderr = os.Stderr
			line, err := command.Output()
			if err != nil {
				return nil, err
			}
			answers = append(answers, strings.TrimSpace(string(line)))
		}
		return answers, nil
	}
}

func logIn(user, address, keyFile string) (*ssh.Client, error) {
	pem, err := os.ReadFile(keyFile)
	if err != nil {
		return nil, err
	}
	key, err := ssh.ParsePrivateKey(pem)
	if err != nil {
		return nil, err
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return nil, err
	}
	known, err := knownhosts.New(filepath.Join(home, ".ssh/known_hosts"))
	if err != nil {
		return nil, err
	}
	return ssh.Dial("tcp", address, &ssh.ClientConfig{
		User:            user,
		HostKeyCallback: known, // proves the server
		Auth: []ssh.AuthMethod{
			ssh.PublicKeys(key),                      // proves the key
			ssh.KeyboardInteractive(answer(keyFile)), // proves the code
		},
	})
}

func run() (int, error) {
	if len(os.Args) != 6 {
		return 2, errors.New("usage: login USER HOST PORT KEY-FILE COMMAND")
	}
	client, err := logIn(os.Args[1], net.JoinHostPort(os.Args[2], os.Args[3]), os.Args[4])
	if err != nil {
		return 1, fmt.Errorf("refused: %w", err)
	}
	defer client.Close()
	session, err := client.NewSession()
	if err != nil {
		return 1, err
	}
	defer session.Close()
	session.Stdout, session.Stderr = os.Stdout, os.Stderr
	var status *ssh.ExitError
	if err = session.Run(os.Args[5]); errors.As(err, &status) {
		return status.ExitStatus(), nil
	}
	return 0, err
}

func main() {
	status, err := run()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		if status == 0 {
			status = 1
		}
	}
	os.Exit(status)
}
