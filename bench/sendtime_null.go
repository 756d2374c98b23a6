package main

func (b *sendtimeBench) null() (map[string]any, error) { return nil, nil }
