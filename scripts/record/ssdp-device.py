"""A UPnP device that answers searches: ssdp-device.py ADDRESS PORT."""
import socket
import sys

GROUP = "239.255.255.250"
address, port = sys.argv[1], int(sys.argv[2])
sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
sock.bind(("", port))
sock.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, socket.inet_aton(GROUP) + socket.inet_aton(address))
answer = (
    "HTTP/1.1 200 OK\r\nCACHE-CONTROL: max-age=1800\r\nEXT:\r\n"
    f"LOCATION: http://{address}:8200/gauge.xml\r\nSERVER: Linux UPnP/1.1 gauge/1.0\r\n"
    "ST: upnp:rootdevice\r\nUSN: uuid:00000000-0000-4000-8000-020000005e01::upnp:rootdevice\r\n\r\n"
)
while True:
    message, peer = sock.recvfrom(2048)
    if message.startswith(b"M-SEARCH"):
        sock.sendto(answer.encode(), peer)
