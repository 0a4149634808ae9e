"""Searches for UPnP devices and waits for the first answer: ssdp-search.py ADDRESS PORT."""
import socket
import sys

GROUP = "239.255.255.250"
address, port = sys.argv[1], int(sys.argv[2])
sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(address))
sock.settimeout(3)
search = (
    f"M-SEARCH * HTTP/1.1\r\nHOST: {GROUP}:{port}\r\n"
    'MAN: "ssdp:discover"\r\nMX: 1\r\nST: upnp:rootdevice\r\nUSER-AGENT: Linux UPnP/1.1 reader/1.0\r\n\r\n'
)
sock.sendto(search.encode(), (GROUP, port))
sock.recvfrom(2048)
