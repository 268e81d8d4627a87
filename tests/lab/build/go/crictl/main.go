// crictl, as far as kubeadm 1.20 calls it. The real one is in no Debian package.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"time"

	"google.golang.org/grpc"
	cri "k8s.io/cri-api/pkg/apis/runtime/v1alpha2"
)

const usage = "usage: crictl [-r SOCKET] info|version|pods [-q]|ps|images|stopp ID|rmp ID|pull IMAGE|inspecti IMAGE"

func main() {
	socket, words := arguments(os.Args[1:])
	if len(words) == 0 {
		fmt.Fprintln(os.Stderr, usage)
		os.Exit(2)
	}
	if err := run(socket, words); err != nil {
		fmt.Fprintln(os.Stderr, "crictl", strings.Join(words, " ")+":", err)
		os.Exit(1)
	}
}

func arguments(args []string) (string, []string) {
	socket, words := "/run/containerd/containerd.sock", []string{}
	for i := 0; i < len(args); i++ {
		if (args[i] == "-r" || args[i] == "--runtime-endpoint") && i+1 < len(args) {
			i++
			socket = args[i]
			continue
		}
		words = append(words, args[i])
	}
	return strings.TrimPrefix(socket, "unix://"), words
}

func dial(ctx context.Context, socket string) (*grpc.ClientConn, error) {
	dialer := func(ctx context.Context, path string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", path)
	}
	return grpc.DialContext(ctx, socket, grpc.WithInsecure(), grpc.WithBlock(), grpc.FailOnNonTempDialError(true), grpc.WithContextDialer(dialer))
}

func run(socket string, words []string) error {
	ctx, cancel := context.WithTimeout(context.Background(), 60*time.Second)
	defer cancel()
	connection, err := dial(ctx, socket)
	if err != nil {
		return err
	}
	defer connection.Close()
	runtime, images := cri.NewRuntimeServiceClient(connection), cri.NewImageServiceClient(connection)
	verb, last := words[0], words[len(words)-1]
	switch verb {
	case "info":
		answer, err := runtime.Status(ctx, &cri.StatusRequest{Verbose: true})
		if err != nil {
			return err
		}
		return json.NewEncoder(os.Stdout).Encode(answer)
	case "version":
		answer, err := runtime.Version(ctx, &cri.VersionRequest{})
		if err != nil {
			return err
		}
		fmt.Println(answer.RuntimeName, answer.RuntimeVersion, answer.RuntimeApiVersion)
	case "pods":
		answer, err := runtime.ListPodSandbox(ctx, &cri.ListPodSandboxRequest{})
		if err != nil {
			return err
		}
		for _, pod := range answer.Items {
			if last == "-q" {
				fmt.Println(pod.Id)
			} else {
				fmt.Println(pod.Id, pod.State, pod.Metadata.Namespace, pod.Metadata.Name)
			}
		}
	case "ps":
		answer, err := runtime.ListContainers(ctx, &cri.ListContainersRequest{})
		if err != nil {
			return err
		}
		for _, container := range answer.Containers {
			fmt.Println(container.Id, container.State, container.Metadata.Name, container.Metadata.Attempt)
		}
	case "images":
		answer, err := images.ListImages(ctx, &cri.ListImagesRequest{})
		if err != nil {
			return err
		}
		for _, image := range answer.Images {
			fmt.Println(image.RepoTags, image.Size_)
		}
	case "stopp":
		_, err = runtime.StopPodSandbox(ctx, &cri.StopPodSandboxRequest{PodSandboxId: last})
		return err
	case "rmp":
		_, err = runtime.RemovePodSandbox(ctx, &cri.RemovePodSandboxRequest{PodSandboxId: last})
		return err
	case "pull":
		_, err = images.PullImage(ctx, &cri.PullImageRequest{Image: &cri.ImageSpec{Image: last}})
		return err
	case "inspecti":
		answer, err := images.ImageStatus(ctx, &cri.ImageStatusRequest{Image: &cri.ImageSpec{Image: last}})
		if err != nil {
			return err
		}
		if answer.Image == nil {
			return errors.New("there is no such image")
		}
		fmt.Println(answer.Image.Id)
	default:
		return errors.New(usage)
	}
	return nil
}
