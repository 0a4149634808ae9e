"""Reads and writes registers of a Modbus/TCP server: modbus-ask.py ADDRESS PORT."""
import sys

from pymodbus.client import ModbusTcpClient

client = ModbusTcpClient(sys.argv[1], port=int(sys.argv[2]))
client.connect()
client.read_holding_registers(10, 4, slave=1)
client.write_register(12, 130, slave=1)
client.read_input_registers(200, 2, slave=1)
client.close()
